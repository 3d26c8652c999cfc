import { runDeployProgram } from '../deployProgram';
import { registerDevice } from './registerDevice';

void runDeployProgram((credential) => registerDevice(process.argv[2], process.env, credential));
