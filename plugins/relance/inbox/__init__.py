"""What comes back: receipts and answers by the web (Twilio), mail that came back or was answered.

What is told is checked to be the provider's before anything of it is read, kept first, once; what follows from it (a
promise, a dispute, a question) is worked from what was kept, and can be worked again.
"""
