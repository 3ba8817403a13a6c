import type { Dispatcher } from 'undici'

/**
 * A request's controller, for as long as there is something to control. Once it is released nothing can be told to the
 * request, and nothing leads to it.
 *
 * undici's handler keeps a closure over the controller (api-request.js, 8.13), and assigns it to a property as a function
 * literal. Such a function V8 makes in the old generation, as if it were a method (its parser's
 * CheckAssigningFunctionLiteralToProperty); so it lives until the next major collection, and whatever it leads to is copied
 * there by the minor ones: the request, its answer, and all who have waited for it.
 */
export class Leash implements Dispatcher.DispatchController {
  #controller: Dispatcher.DispatchController | undefined

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller
  }

  release(): void {
    this.#controller = undefined
  }

  get aborted(): boolean {
    return this.#controller?.aborted ?? false
  }

  get paused(): boolean {
    return this.#controller?.paused ?? false
  }

  get reason(): Error | null {
    return this.#controller?.reason ?? null
  }

  abort(reason: Error): void {
    this.#controller?.abort(reason)
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }
}
