"""Stand-in for the TradeMaster authentication service: the same contract to a deployer, not its business."""

NAME = "trademaster-auth-service"
STAND_IN = "trademaster-auth-sample"
VERSION = "1.0.0"
