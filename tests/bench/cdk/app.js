// A CDK app of image functions, one a route, of an image that is in its repository already.
const { App, LegacyStackSynthesizer, Stack } = require("aws-cdk-lib");
const { Repository } = require("aws-cdk-lib/aws-ecr");
const { DockerImageCode, DockerImageFunction } = require("aws-cdk-lib/aws-lambda");

const { repository, tag, functions } = JSON.parse(process.env.FUNCTIONS);

const app = new App();
// The template is small enough to be sent as it is, so that no bucket has to be made for it first.
const stack = new Stack(app, "bench", { synthesizer: new LegacyStackSynthesizer() });
const images = Repository.fromRepositoryName(stack, "repository", repository);
for (const [name, command] of Object.entries(functions)) {
  const code = DockerImageCode.fromEcr(images, { tagOrDigest: tag, cmd: [command] });
  new DockerImageFunction(stack, name, { code });
}
