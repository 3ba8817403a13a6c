/** What a person can mend: the command line shows the message, which names the fix, and no stack. */
export class Trouble extends Error {
  override name = 'Trouble'
}
