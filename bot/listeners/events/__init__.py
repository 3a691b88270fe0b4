"""What happens in the workspace, one file each."""
