"""`control.sock`: what desk and command line may ask of core, and how core stands."""
