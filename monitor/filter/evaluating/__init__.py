"""Measuring the filter on texts that people have labelled, beside VADER alone. Nothing is learnt from them, and they stay where they are.

reading     labelled texts from a file
ways        the ways of telling: either look, both together, VADER
lines       where the line between complaint and not is drawn: never by the labels
measures    precision, recall, F1, the mean F1 of both sides, the area under the curve
results     all of it by language, by what is hard and by kind
showing     the results for people at a terminal, and for machines
worst       what was missed, and what was raised for nothing, worst first
charts      curves, as pictures inside the page
report      all of it as one page that needs no network
"""
