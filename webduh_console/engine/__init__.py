"""Plans, runs steps, takes the way back.

It knows order, journal, lease and cancelling; what a step does, a target knows.
"""
