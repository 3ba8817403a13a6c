import { useEffect, useState } from 'preact/hooks'

/**
 * What somebody is setting a control to, until the Lab says that it is so: states come once a second, and would take a
 * slider out of one's hand.
 */
export function useDraft<T>(actual: T): [shown: T, draft: (value: T | undefined) => void] {
  const [draft, setDraft] = useState<T | undefined>()
  useEffect(() => setDraft(undefined), [actual])
  useEffect(() => {
    if (draft === undefined) return
    const forget = setTimeout(() => setDraft(undefined), 5000)
    return () => clearTimeout(forget)
  }, [draft])
  return [draft ?? actual, setDraft]
}
