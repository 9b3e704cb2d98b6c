"""What a chart shows, worked out without a screen: samples by column, scales, ticks, dots."""
