import { note, problem, ready, type Finding } from './finding';

/** Facts about this machine. */
interface LocalTools {
  readonly pulumi: string | undefined;
  readonly machineNode: string;
  readonly nodeProblem: string | undefined;
  readonly built: boolean;
  /** Sources that have changed since. */
  readonly changed: readonly string[];
}

/** Is everything there that `pulumi up` needs on this machine? */
export function judgeLocalTools({ pulumi, machineNode, nodeProblem, built, changed }: LocalTools, buildsImages: boolean): Finding[] {
  return [
    pulumi === undefined
      ? problem('Pulumi CLI', 'no "pulumi" on the path', 'install it: https://www.pulumi.com/docs/install/')
      : ready('Pulumi CLI', pulumi),
    nodeProblem === undefined
      ? ready('Node', machineNode)
      : problem('Node', nodeProblem, 'install the current Node LTS, the Pulumi CLI starts the program with it'),
    ...(!buildsImages
      ? []
      : [
          !built
            ? problem('program bundles', 'dist/images.json is not there, so there is nothing to build images from', 'npm run build')
            : changed.length > 0
              ? note(
                  'program bundles',
                  `${changed[0] ?? ''}${changed.length > 1 ? ` and ${changed.length - 1} more have` : ' has'} changed since they were made: a deployment would bring what was built before`,
                  'npm run build',
                )
              : ready('program bundles', 'dist/images.json'),
        ]),
  ];
}
