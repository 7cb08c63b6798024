def write(result, folder):
    return []
