"""Steps of gradient descent on the supports of many tasks, each with weights of its own."""
