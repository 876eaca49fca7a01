"""What a user of Penstock tests with: clocks, fakes that are real objects, and contract checks."""
