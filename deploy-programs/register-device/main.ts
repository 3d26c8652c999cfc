import { requestedAction, runDeployProgram } from '../deployProgram';
import { registerDevice } from './registerDevice';

void runDeployProgram((environment, credential) => requestedAction(registerDevice, process.argv[2])(environment, credential));
