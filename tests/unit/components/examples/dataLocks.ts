import { DataLocks } from '../../../../components/resource/locks';
import { vault } from './keyVault';

export const locks = new DataLocks('locks', { resources: { vault: vault.id } }, { dependsOn: [vault] });
