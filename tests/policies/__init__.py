"""The program's resources as Terraform has them, and who judges them there: HashiCorp's AWS provider, and checkov."""
