import { cheapestHub } from '../../../../components/configuration/iotHubSize';
import { MessageRoute } from '../../../../components/delivery/messageRoute';

const hub = cheapestHub({ devices: 40, messagesPerDay: 900_000, messageBytes: 2_048, deliveriesPerHour: 80, peakFactor: 2 });

export const route = new MessageRoute('messages', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  ...(hub === undefined ? {} : { hub }),
});
