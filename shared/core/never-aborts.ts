/**
 * The signal for work that nobody can stop. It is shared by all such work, and since it never fires it does not remember
 * who listens either: or every listener that was not taken away again would stay for the life of the process.
 */
export const neverAborts: AbortSignal = Object.assign(new AbortController().signal, { addEventListener() {} })
