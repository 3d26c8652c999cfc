import { local } from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { z } from 'zod';

export interface SimulatedEnrolmentArgs {
  /** Vault that holds the simulated site's key and certificate and nothing else. */
  readonly vaultUri: pulumi.Input<string>;
  /** Device that the certificate is for. */
  readonly deviceId: string;
  /** Another number makes another key and certificate; default 1. */
  readonly certificateSerial?: number;
  /** For vaults whose host is not below the public cloud's vault domain; default false. */
  readonly disableChallengeVerification?: boolean;
  /** How long a refusal is tried again, while the deployer's role takes effect; default 900. */
  readonly roleAssignmentWaitSeconds?: number;
}

const answer = z.object({ certificatePem: z.string().includes('BEGIN CERTIFICATE'), secretUri: z.url() });

/** What `enrol-site` printed; never a key. */
export function enrolment(stdout: string): z.output<typeof answer> {
  const parsed = answer.safeParse(JSON.parse(stdout));
  if (!parsed.success) throw new Error(`enrol-site answered without ${parsed.error.issues.map((issue) => issue.path.join('.')).join(' and ')}: look at its log`);
  return parsed.data;
}

export const certificateSecretName = 'device-certificate';

/** A simulated factory is a site too: it makes its own key, keeps it in a vault and hands out the public certificate. */
export class SimulatedEnrolment extends pulumi.ComponentResource {
  readonly certificatePem: pulumi.Output<string>;
  /** Address of the secret without a version, so that a renewed certificate is found. */
  readonly secretUri: pulumi.Output<string>;

  constructor(name: string, args: SimulatedEnrolmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:SimulatedEnrolment', name, {}, opts);
    const { certificateSerial, disableChallengeVerification, roleAssignmentWaitSeconds } = { certificateSerial: 1, disableChallengeVerification: false, roleAssignmentWaitSeconds: 900, ...args };
    const command = (action: 'create' | 'delete') => `node dist/enrol-site/index.js ${action}`;
    const enrol = new local.Command(name, {
      create: command('create'), update: command('create'), delete: command('delete'), addPreviousOutputInEnv: false, logging: 'stderr',
      environment: {
        VAULT_URI: args.vaultUri, SECRET_NAME: certificateSecretName, DEVICE_ID: args.deviceId, CERTIFICATE_SERIAL: String(certificateSerial),
        ROLE_ASSIGNMENT_WAIT_SECONDS: String(roleAssignmentWaitSeconds),
        ...(disableChallengeVerification ? { VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true' } : {}),
      },
    }, { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) });
    const answered = enrol.stdout.apply(enrolment);
    this.certificatePem = answered.certificatePem;
    this.secretUri = answered.secretUri;
    this.registerOutputs({ certificatePem: this.certificatePem, secretUri: this.secretUri });
  }
}
