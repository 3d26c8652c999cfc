import './components/programs/requireNode';
import { getClientConfigOutput } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { DataLocks } from './components/resource/dataLocks';
import { readConfiguration } from './components/configuration/configuration';
import { Factory } from './components/factory';
import { Platform } from './components/platform';
import { platformExports, referencedPlatform } from './components/resource/platformLinks';
import { changedSources } from './components/programs/bundleRecord';
import { readContentHashes } from './components/programs/contentHashes';
import { sourceCommit } from './components/programs/sourceCommit';
import { bundleWarnings, settingWarnings } from './components/configuration/warnings';
import { stackExports } from './components/stackExports';
import { stackTags } from './components/resource/tags';
import { version as pipelineVersion } from './package.json';

const configuration = readConfiguration();
const buildsImages = configuration.imageSource === 'build' && configuration.parts !== 'platform';
const warnings = [...settingWarnings(configuration), ...(buildsImages ? bundleWarnings(changedSources(process.cwd())) : [])];
for (const warning of warnings) void pulumi.log.warn(warning);
const stack = pulumi.getStack();
const tags = stackTags(configuration, stack);
const deployer = getClientConfigOutput();
const { parts, platformStack } = configuration;
const platform =
  parts === 'factory' && platformStack !== undefined
    ? referencedPlatform(platformStack)
    : new Platform('platform', { configuration, stack, deployer, tags });
const factory =
  parts === 'platform'
    ? undefined
    : new Factory('factory', {
        configuration,
        deployer,
        platform,
        tags,
        pipelineVersion,
        sourceCommit: configuration.sourceCommit ?? sourceCommit(process.cwd()),
        imageSource:
          configuration.imageSource === 'build'
            ? { kind: 'build', hashes: readContentHashes('dist/images.json') }
            : { kind: 'prebuilt', images: configuration.prebuiltImages },
      });

// A platform of another stack is locked there.
const dataResources = { ...(platform instanceof Platform ? platform.dataResources : {}), ...factory?.dataResources };
if (configuration.protectData)
  new DataLocks(
    'locks',
    { resources: dataResources },
    { dependsOn: [platform, factory].filter((part) => part instanceof pulumi.ComponentResource) },
  );

export = factory === undefined ? platformExports(platform) : stackExports(configuration, deployer, platform, factory);
