import { DataLocks } from '../../../../components/resource/dataLocks';
import { vault } from './keyVault';

export const locks = new DataLocks('locks', { resources: { vault: vault.id } }, { dependsOn: [vault] });
