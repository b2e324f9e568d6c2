"""The API without AWS: the functions of the route table behind a gateway of this machine, in processes of their own."""
