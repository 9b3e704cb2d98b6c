"""Adds numbers."""


async def handler(event):
    """Answer with the sum of the numbers that are sent, or say what is wrong."""
    if not isinstance(event["json"], list):
        return {"status": 400, "body": "Send a list of numbers."}
    return {"body": {"sum": sum(event["json"])}}
