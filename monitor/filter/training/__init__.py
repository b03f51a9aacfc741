"""Making the filter's weights from the authored examples: `make model`. Nothing here is needed to run Amends.

pieces      how the second look's model cuts a text
encoder     that model, its matrices frozen, its biases and norms to be taught
teaching    teaching it our examples
"""
