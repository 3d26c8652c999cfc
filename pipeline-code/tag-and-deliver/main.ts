import { runPipelineProgram } from '../../contracts/program/run';
import { tagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import { runTagAndDeliver } from './tagAndDeliver';

runPipelineProgram('tag-and-deliver', tagAndDeliverSettings, runTagAndDeliver);
