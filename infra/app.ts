import { App } from 'aws-cdk-lib';
import { sendDocument } from './send-document.ts';

const app = new App();
sendDocument(app);
// A finding throws here and ends the process with an error: nothing catches it on purpose.
app.synth();
