import { join } from 'node:path';

/** Where a local stack lives: the region, Pulumi's backend and configuration, the operator's sign-in. */
export interface UpDirectory {
  readonly path: string;
  /** Who runs the region, while it runs. */
  readonly regionFile: string;
  readonly regionLog: string;
  /** Pulumi's file backend. */
  readonly backend: string;
  readonly passphraseFile: string;
  /** A project of the same name: here the CLI keeps each stack's configuration, instead of in the working tree. */
  readonly project: string;
  readonly pulumiHome: string;
  readonly operatorFile: string;
  readonly operatorCertificate: string;
}

/** `local`: the folder of everything that runs leave, `.local` or one below it. */
export function upDirectory(local: string): UpDirectory {
  const path = join(local, 'up');
  const inside = (name: string) => join(path, name);
  return {
    path,
    regionFile: inside('region.json'),
    regionLog: inside('region.log'),
    backend: inside('pulumi'),
    passphraseFile: inside('passphrase'),
    project: inside('project'),
    pulumiHome: inside('home'),
    operatorFile: inside('operator.json'),
    operatorCertificate: inside('operator.pem'),
  };
}
export const stackFile = (directory: UpDirectory, stack: string) => join(directory.project, `Pulumi.${stack}.yaml`);
/** What belongs to one stack beside its configuration. */
export const stackDirectory = (directory: UpDirectory, stack: string) => join(directory.path, 'stacks', stack);
