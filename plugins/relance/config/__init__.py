"""The policy: YAML files that people review, read into typed, frozen objects; an error names file, line and mend."""
