"""Extensions of moto, one file per AWS service."""
