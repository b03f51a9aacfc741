"""Learning from the people who decide: what the shipped looks say is the start, and every decision of a brand's people moves it a little.

features   what the looks make of a decided post, as bytes to keep
fitting    weights from decisions: logistic regression whose offset is what was shipped
lines      from which share on a mention is raised: best expected F1, or as many a day as the owner wants to see
teaching   all of it for one brand: lessons in, a hearing out
"""
