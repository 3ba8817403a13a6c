import { expect, test } from 'vitest'
import { uploads } from './upload.ts'

test(
  'a long upload: every line accounted for, and one that is cut goes on where it was',
  { timeout: 300_000 },
  async () => {
    const { complaints, lines, cut } = await uploads({ megabytes: 16 })
    // What so short a one needs is not what it keeps.
    expect(complaints.filter((complaint) => !complaint.startsWith('memory'))).toEqual([])
    expect(lines).toBeGreaterThan(100_000)
    expect(cut, 'lines that were done when Parcel was told to end').toBeGreaterThan(0)
  },
)
