import ProgressKeeper from './keeper.ts'
import { runOptions, suiteProject } from '../testing/projects.ts'
import { pathOf, root, type Target } from '../manifest/target.ts'

/**
 * A run of these chapters and of nothing else. (Of all that vitest.config.ts names, Vitest would resolve every project,
 * and look only then at which of them it was asked for.) A chapter's files share processes, as starting one takes longer
 * than most of them; the next run has new ones, so nothing that a module keeps survives a save.
 */
export const chapterRun = (targets: Target[]) => ({
  ...runOptions,
  root,
  config: false as const,
  isolate: false,
  // Whatever of them is saved: a suite that starts processes reaches them by their paths, and imports none.
  forceRerunTriggers: targets.flatMap((target) => target.chapter.files.map((file) => `**/${pathOf(target)}/${file}`)),
  projects: targets.map(suiteProject),
  reporters: [new ProgressKeeper()],
})
