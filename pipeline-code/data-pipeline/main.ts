import { dataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { readSettings } from '../../contracts/settings/settings';
import { runProgram } from '../clients/log';
import { dataPipeline } from './dataPipeline';

runProgram('data-pipeline', (log) => dataPipeline(readSettings('data-pipeline', dataPipelineSettings, process.env), log));
