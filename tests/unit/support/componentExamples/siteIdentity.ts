import { SiteIdentity } from '../../../../components/site/siteIdentity';

export const site = new SiteIdentity('site', {
  displayName: 'plant-nord',
  ownerObjectId: '22222222-2222-4222-8222-222222222222',
  certificates: [],
  existingClientId: '33333333-3333-4333-8333-333333333333',
});
