/** Beside the Lab, not in its place; the Lab's server knows where they are. */
export function Slides({ chapter }: { chapter?: string }) {
  return (
    <a
      class="button"
      title="In a new tab"
      href={chapter ? `/slides/${chapter}` : '/slides'}
      target="_blank"
      rel="noopener noreferrer"
    >
      Slides
    </a>
  )
}
