import { CustomRoleDefinitions } from '../../../../components/access/customRoleDefinitions';

export const roles = new CustomRoleDefinitions('custom-roles', {
  resourceGroupId: '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-plant',
  suffix: 'x7k2',
});
