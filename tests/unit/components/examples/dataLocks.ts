import { DataLocks } from '../../../../components/access/dataLocks';
import { vault } from './keyVault';

export const locks = new DataLocks('locks', { resources: { vault: vault.id } }, { dependsOn: [vault] });
