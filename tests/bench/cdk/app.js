// As many image functions as `-c functions=` says, with a role each, from the image `-c image=`.
const { App, LegacyStackSynthesizer, Stack } = require("aws-cdk-lib");
const { Role, ServicePrincipal } = require("aws-cdk-lib/aws-iam");
const { CfnFunction } = require("aws-cdk-lib/aws-lambda");

const app = new App();
// With the credentials it is called with: the other synthesizers want roles or a bucket that bootstrapping makes.
const stack = new Stack(app, "noop-cdk", { synthesizer: new LegacyStackSynthesizer() });
const count = Number(app.node.getContext("functions"));
const imageUri = app.node.getContext("image");

for (let number = 0; number < count; number += 1) {
  const role = new Role(stack, `role-${number}`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  // `DockerImageFunction` names an image in AWS's own registry; this takes the name as it is.
  new CfnFunction(stack, `function-${number}`, { packageType: "Image", code: { imageUri }, role: role.roleArn });
}
