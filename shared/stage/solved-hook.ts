// A preload: `#chapters/NN-…` is the chapter's solution when FAIL_WELL_SOLVED names its number, and else the exercise. Beside tsx or
// without it: a synchronous hook comes before all others.
import { registerHooks } from 'node:module'

const solved = new Set(process.env.FAIL_WELL_SOLVED?.split(','))

registerHooks({
  resolve(specifier, context, nextResolve) {
    const [, path, number] = /^#chapters\/((\d\d)-.*)$/.exec(specifier) ?? []
    if (!path) return nextResolve(specifier, context)
    const subject = solved.has(number!) ? 'solutions' : 'exercises'
    return nextResolve(new URL(`../../${subject}/${path}`, import.meta.url).href, context)
  },
})
