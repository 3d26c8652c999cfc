import { authProxySettings } from '../../contracts/settings/edgeSite';
import { runSiteProgram } from '../../contracts/program/run';
import { startAuthProxy } from './authProxy';

runSiteProgram('auth-proxy', authProxySettings, async (settings, log) => {
  const proxy = await startAuthProxy(
    {
      port: settings.LISTENING_PORT,
      target: settings.TARGET_HOST,
      refreshPercentage: settings.AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE,
      scope: settings.AUDIENCE.endsWith('/.default') ? settings.AUDIENCE : `${settings.AUDIENCE}/.default`,
      identity: {
        tenantId: settings.AAD_TENANT_ID,
        clientId: settings.AAD_CLIENT_ID,
        certificatePath: settings.AAD_CLIENT_CERTIFICATE_PATH,
        authorityHost: settings.AZURE_AUTHORITY_HOST,
        disableInstanceDiscovery: settings.DISABLE_INSTANCE_DISCOVERY === 'true',
      },
    },
    log,
  );
  log('info', 'auth proxy is ready', { port: settings.LISTENING_PORT, target: settings.TARGET_HOST });
  return proxy;
});
