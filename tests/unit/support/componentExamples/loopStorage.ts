import { LoopStorage } from '../../../../components/storage/loopStorage';

export const storage = new LoopStorage('storage', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  safety: { redundancy: 'ZRS', versioning: true },
});
