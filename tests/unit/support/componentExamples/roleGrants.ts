import { RoleGrants, servicePrincipal } from '../../../../components/access/roleGrants';

export const grants = new RoleGrants('archive-roles', {
  rows: [{ who: 'archivist', role: 'blobDataReader', scope: 'raw', step: 'archive', why: 'copies raw files to the archive' }],
  actors: { archivist: servicePrincipal('22222222-2222-4222-8222-222222222222') },
  scopes: {
    raw: '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-plant/providers/Microsoft.Storage/storageAccounts/plantdata',
  },
  subscriptionId: '00000000-0000-4000-8000-000000000001',
});
