"""What each block of a frozen backbone knows."""
