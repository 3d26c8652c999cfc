import { z } from 'zod';
import { httpsUrl, integer } from './settings';

/** How long a program of the deployment tries a refusal again, while the deployer's role takes effect. */
export const roleAssignmentWait = { ROLE_ASSIGNMENT_WAIT_SECONDS: integer(0, 3_600) };

/** The vault that holds a site's key. */
export const vaultAddress = {
  VAULT_URI: httpsUrl(),
  /** 'true' where the vault's host is not below the resource of its challenge. */
  VAULT_DISABLE_CHALLENGE_VERIFICATION: z.enum(['true', 'false']).optional(),
};
