// What any start of Node.js costs at least.
