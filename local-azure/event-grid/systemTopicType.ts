import { armId, partOfId } from '../region/armId';
import { checkInputs, type InputRule } from '../region/checks';
import { tenantId } from '../region/regionContext';
import { ResourceError, type Properties, type ResourceType } from '../region/resourceType';
import type { Directory } from '../region/serviceInterfaces';
import { forgetBelow, storedType } from '../region/storedType';
import type { EventGrid } from './eventGrid';

export const apiVersion = '2025-02-15';
export const topicType = 'Microsoft.EventGrid/systemTopics';
export const topicName: InputRule = {
  property: 'systemTopicName',
  required: true,
  pattern: /^[A-Za-z0-9-]{3,128}$/,
  expected: '3 to 128 letters, digits and dashes',
};
export const groupRule: InputRule = { property: 'resourceGroupName', required: true, expected: 'the resource group of the system topic' };

/** Sources that the region emits events for. */
const providerOfTopicType: Readonly<Record<string, RegExp>> = {
  'Microsoft.Storage.StorageAccounts': /\/providers\/Microsoft\.Storage\/storageAccounts\/[^/]+$/i,
  'Microsoft.MachineLearningServices.Workspaces': /\/providers\/Microsoft\.MachineLearningServices\/workspaces\/[^/]+$/i,
};

/** What observes a source of events. */
export function systemTopicType(eventGrid: EventGrid, directory: Pick<Directory, 'managedIdentity' | 'remove'>): ResourceType {
  const put = (inputs: Properties) => {
    const name = String(inputs['systemTopicName']);
    const id = armId(String(inputs['resourceGroupName']), topicType, name);
    const source = String(inputs['source']);
    const other = eventGrid.topicOfSource(source);
    if (other && other.id.toLowerCase() !== id.toLowerCase())
      throw new ResourceError(
        'InvalidRequest',
        `only one system topic is allowed per source: ${source} has ${other.id}.`,
        'Use that topic for further subscriptions.',
      );
    const before = eventGrid.topic(id);
    if (before && before.source.toLowerCase() !== source.toLowerCase())
      throw new ResourceError('InvalidRequest', `the source of the system topic ${name} cannot be changed.`);
    const given = inputs['identity'] as Properties | undefined;
    const system = String(given?.['type'] ?? '').includes('SystemAssigned') ? directory.managedIdentity(id, name) : undefined;
    eventGrid.declareTopic({ id, source, topicType: String(inputs['topicType']) });
    return {
      id,
      outputs: {
        ...inputs,
        name,
        azureApiVersion: apiVersion,
        type: topicType,
        metricResourceId: id,
        provisioningState: 'Succeeded',
        ...(system ? { identity: { ...given, principalId: system.objectId, tenantId } } : {}),
      },
    };
  };
  return storedType(
    {
      token: 'azure-native:eventgrid:SystemTopic',
      identifiedBy: ['resourceGroupName', 'systemTopicName'],
      computed: ['name', 'type', 'azureApiVersion', 'metricResourceId', 'provisioningState', 'identity.principalId', 'identity.tenantId'],
      replaceOn: {
        resourceGroupName: partOfId,
        systemTopicName: partOfId,
        location: 'fixed at creation',
        source: 'fixed at creation',
        topicType: 'fixed at creation',
      },
      failures: (inputs) =>
        checkInputs(inputs, [
          groupRule,
          topicName,
          { property: 'location', required: true, expected: 'the location of the source' },
          {
            property: 'topicType',
            required: true,
            allowed: Object.keys(providerOfTopicType),
            expected: Object.keys(providerOfTopicType).join(' or '),
          },
          {
            property: 'source',
            required: true,
            pattern: providerOfTopicType[String(inputs['topicType'])] ?? /./,
            expected: `the ARM id of a source of type ${String(inputs['topicType'])}`,
          },
        ]),
      put,
      live: (id, answered) => (eventGrid.topic(id) ? answered : undefined),
      remove: (id) => {
        eventGrid.removeTopic(id);
        forgetBelow(eventGrid.resources, id);
        directory.remove(id);
      },
    },
    eventGrid.resources,
  );
}
