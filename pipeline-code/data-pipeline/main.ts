import { runPipelineProgram } from '../../contracts/program/run';
import { dataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { dataPipeline } from './dataPipeline';

runPipelineProgram('data-pipeline', dataPipelineSettings, dataPipeline);
