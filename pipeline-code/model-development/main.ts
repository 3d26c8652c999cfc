import { modelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import { readSettings } from '../../contracts/settings/settings';
import { runProgram } from '../clients/log';
import { runModelDevelopment } from './modelDevelopment';

const program = 'model-development';
runProgram(program, (log) => runModelDevelopment(readSettings(program, modelDevelopmentSettings, process.env), log));
